//! Keeps candle to the thread that it is called on.

/// The variable that candle reads when it first computes.
const CANDLE_THREADS: &str = "CANDLE_NUM_THREADS";

/// Computes on one thread per response: candle's own pool of spinning threads would only get in
/// the way, because responses are judged side by side. What the user has set stays.
///
/// To be called at the very beginning of the program, before any thread is started. The plain
/// reference is not to call it: the results are the same, only slower.
pub(crate) fn one_thread_per_response() {
    if std::env::var_os(CANDLE_THREADS).is_none() {
        // SAFETY: changing the environment is undefined behaviour only while another thread
        // reads or writes it, and there is no other thread yet: the one caller is the first
        // statement of the command line's entry point.
        unsafe { std::env::set_var(CANDLE_THREADS, "1") };
    }
}
