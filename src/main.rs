//! The `hivesim` command; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    hivesim::cli::main()
}
