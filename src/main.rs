//! Parses arguments and runs a command; nothing else.

fn main() -> std::process::ExitCode {
    luthier::cli::main()
}
