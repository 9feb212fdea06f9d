use std::process::ExitCode;

fn main() -> ExitCode {
    match remiss::cli::run() {
        Ok(status) => status,
        // `remiss themes check | head` has done what it was asked for.
        Err(error) if remiss::cli::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("remiss: {error:#}");
            ExitCode::from(1)
        }
    }
}
