use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match remiss::cli::run() {
        Ok(status) => status,
        // `remiss extract FILE | head` has done what it was asked for.
        Err(error) if remiss::cli::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Most messages already hold their cause.
            let mut message = error.to_string();
            for cause in error.chain().skip(1).map(ToString::to_string) {
                if !message.contains(&cause) {
                    message = format!("{message}: {cause}");
                }
            }
            let _ = writeln!(std::io::stderr(), "remiss: {message}");
            ExitCode::from(1)
        }
    }
}
