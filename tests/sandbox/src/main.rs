//! The command `capwire-sandbox`.

use capwire_sandbox::{options, server};
use std::io::{Read, Write};
use std::process::ExitCode;
use tokio::sync::oneshot;

fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(mistake) => {
            eprintln!("capwire-sandbox: {mistake}");
            return ExitCode::from(2);
        }
    };
    if options.help {
        print!("{}", options::HELP);
        return ExitCode::SUCCESS;
    }
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("capwire-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(options: &options::Options) -> std::io::Result<()> {
    let listener = server::bind(options.port).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "capwire-sandbox listening on http://{}", listener.local_addr()?)?;
    stdout.flush()?;
    if options.until_stdin_closes {
        tokio::select! {
            () = server::run(listener, options) => {}
            _ = stdin_end() => {}
        }
    } else {
        server::run(listener, options).await;
    }
    Ok(())
}

/// Resolves when standard input ends.
///
/// Uses a plain thread, because tokio's stdin would keep the runtime from shutting down while it reads.
fn stdin_end() -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut ignored = [0; 1024];
        // A failed read also counts as the end.
        while std::io::stdin().read(&mut ignored).is_ok_and(|length| length > 0) {}
        drop(sender);
    });
    receiver
}
