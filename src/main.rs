//! Parses arguments and chooses a face; nothing else.

fn main() -> std::process::ExitCode {
    luthier::cli::main()
}
