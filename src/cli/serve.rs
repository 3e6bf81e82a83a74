//! `luthier serve`.

use super::output::Output;
use super::{CliError, Exit, Global, help, open, target};
use clap::Args;
use luthier_serve::{Options, Tokens};
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;

#[derive(Args)]
pub struct Serve {
    /// Listen on this address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420", help_heading = help::HUB)]
    listen: SocketAddr,
    /// Ask for the tokens in this file (TOML); without it, private repositories are hidden
    #[arg(long, value_name = "FILE", help_heading = help::HUB)]
    tokens: Option<PathBuf>,
    /// Listen beyond this machine without TLS, because a proxy in front of this server has it
    #[arg(long, help_heading = help::HUB)]
    behind_proxy: bool,
    /// Prepare this many fetches at the same time
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=32), help_heading = help::LIMITS)]
    fetches: u8,
}

/// Serves the hub until the run is told to stop.
pub async fn run(command: Serve, global: &Global, out: Output) -> Result<Exit, CliError> {
    let is_local = command.listen.ip().is_loopback();
    if !is_local && (command.tokens.is_none() || !command.behind_proxy) {
        return Err(CliError::usage(format!(
            "{} can be reached from other machines: add --tokens FILE, and --behind-proxy where a proxy speaks TLS to clients; or listen on 127.0.0.1",
            command.listen
        )));
    }
    let tokens = command.tokens.as_deref().map(Tokens::read).transpose();
    let tokens = tokens.map_err(|error| CliError::usage(error.to_string()))?;
    let target = target(global)?;
    let store = open(&target).await?;
    let listener = TcpListener::bind(command.listen).await;
    let listener = listener.map_err(|error| {
        CliError::unusable(format!("cannot listen on {}: {error}", command.listen))
    })?;
    let address = listener.local_addr().unwrap_or(command.listen);
    let rights = match target.authority {
        Some(_) => "fetches and pushes",
        None => "fetches; pushes are refused without --write",
    };
    if out.json {
        out.object(&serde_json::json!({
            "type": "serving", "address": address.to_string(), "writable": target.authority.is_some(),
        }))?;
    } else {
        out.line(&format!(
            "Serving {} at http://{address}/OWNER/SLUG for {rights}. Ctrl-C ends it.",
            target.hub.name
        ))?;
    }
    out.flush()?;
    let router = luthier_serve::router(
        store,
        Options {
            authority: target.authority,
            tokens,
            fetches: usize::from(command.fetches),
        },
    );
    let stop = out.stop.clone();
    let _watching = stop.watching();
    let asked = out.stop.clone();
    let served = luthier_serve::serve(listener, router, async move { asked.asked().await });
    let served = served.await;
    served.map_err(|error| CliError::unusable(format!("the server ended: {error}")))?;
    Ok(Exit::Done)
}
