//! `luthier serve`.

use super::output::Output;
use super::{CliError, Exit, Global, help, open, target};
use crate::config::Target;
use clap::Args;
use luthier_hub::store::Store;
use luthier_hub::text;
use luthier_repair::journal::HubJournal;
use luthier_serve::{Options, Tls, Tokens, Writing};
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
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
    /// Speak TLS with this certificate, or chain of them (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = help::HUB)]
    tls_cert: Option<PathBuf>,
    /// Key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = help::HUB)]
    tls_key: Option<PathBuf>,
    /// Prepare this many fetches at the same time
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=32), help_heading = help::LIMITS)]
    fetches: u8,
    /// Accept that this profile now uses another database or object store
    #[arg(long, help_heading = help::APPLY)]
    new_pair: bool,
}

/// Serves the hub until the run is told to stop.
pub async fn run(command: Serve, global: &Global, out: Output) -> Result<Exit, CliError> {
    check_reach(&command)?;
    let tls = match (&command.tls_cert, &command.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::read(certificate, key)),
        _ => None,
    };
    let tls = tls
        .transpose()
        .map_err(|error| CliError::usage(error.to_string()))?;
    let tokens = command.tokens.as_deref().map(Tokens::read).transpose();
    let tokens = tokens.map_err(|error| CliError::usage(error.to_string()))?;
    let target = target(global)?;
    let store = open(&target, &out).await?;
    let listener = TcpListener::bind(command.listen).await;
    let listener = listener.map_err(|error| {
        CliError::unusable(format!("cannot listen on {}: {error}", command.listen))
    })?;
    let address = listener.local_addr().unwrap_or(command.listen);
    let writing = match target.authority {
        None => None,
        Some(authority) => Some(Writing {
            authority,
            ledger: Arc::new(HubJournal::open(&store.writer(&authority)?, command.new_pair).await?),
        }),
    };
    announce(&target, address, tls.is_some(), &out)?;
    let asks_for_tokens = tokens.is_some();
    let router = luthier_serve::router(
        store.clone(),
        Options {
            writing,
            tokens,
            fetches: usize::from(command.fetches),
        },
    );
    let _watching = out.stop.watching();
    tokio::select! {
        () = luthier_serve::serve(listener, tls, router, out.stop.asked()) => Ok(Exit::Done),
        // Clients are answered meanwhile.
        Err(error) = announce_repositories(&store, asks_for_tokens, &out) => Err(error),
    }
}

/// Says which repositories clients of this wire can take, and why not the others.
async fn announce_repositories(store: &Store, tokens: bool, out: &Output) -> Result<(), CliError> {
    let survey = luthier_serve::survey(store, tokens).await?;
    let servable = survey.servable();
    if out.json {
        let refused = survey.refused.iter().map(|(status, refused)| {
            let named = refused.named.iter();
            let named = named.map(|(path, why)| json!({"repository": path, "why": why}));
            json!({"status": status, "count": refused.count, "named": named.collect::<Vec<_>>()})
        });
        out.object(&json!({
            "type": "servable", "repositories": survey.repositories, "servable": servable,
            "is_whole": survey.is_whole, "refused": refused.collect::<Vec<_>>(),
        }))?;
        return out.flush();
    }
    out.line(&format!(
        "{} of {}{} can be served.",
        text::grouped(servable),
        if survey.is_whole { "" } else { "the first " },
        text::plural(survey.repositories, "repository"),
    ))?;
    for (status, refused) in &survey.refused {
        let why = reason(*status);
        match refused.named.len() as u64 == refused.count {
            true => {
                for (path, _) in &refused.named {
                    out.line(&format!("  {path} gets {status}: {why}."))?;
                }
            }
            false => out.line(&format!(
                "  {} repositories get {status}: {why}.",
                text::grouped(refused.count)
            ))?,
        }
    }
    out.flush()
}

/// Returns the reason for which `refs` has this status.
const fn reason(status: u16) -> &'static str {
    match status {
        404 => "private, and without --tokens nobody is known who may read it",
        406 => "clients of March 2026 do not take its ids",
        422 => "clients cannot use the repository's id as the name of a file",
        _ => "the database gave no answer about it",
    }
}

/// Refuses to be reached from other machines without tokens, or without TLS.
fn check_reach(command: &Serve) -> Result<(), CliError> {
    let encrypted = command.tls_cert.is_some() || command.behind_proxy;
    let lacks = match (command.tokens.is_some(), encrypted) {
        _ if command.listen.ip().is_loopback() => return Ok(()),
        (true, true) => return Ok(()),
        (false, true) => "add --tokens FILE",
        (true, false) => {
            "add --tls-cert and --tls-key, or --behind-proxy where a proxy speaks TLS to clients"
        }
        (false, false) => {
            "add --tokens FILE, and --tls-cert and --tls-key (or --behind-proxy where a proxy speaks TLS to clients)"
        }
    };
    Err(CliError::usage(format!(
        "{} can be reached from other machines: {lacks}; or listen on 127.0.0.1",
        command.listen
    )))
}

/// Says where clients find the hub, and what they may do.
fn announce(target: &Target, at: SocketAddr, tls: bool, out: &Output) -> Result<(), CliError> {
    let writable = target.authority.is_some();
    let scheme = if tls { "https" } else { "http" };
    if out.json {
        out.object(&json!({
            "type": "serving", "url": format!("{scheme}://{at}"), "writable": writable,
        }))?;
    } else {
        let rights = match writable {
            true => "fetches and pushes",
            false => "fetches; pushes are refused without --write",
        };
        out.line(&format!(
            "Serving {} at {scheme}://{at}/OWNER/SLUG to clients of March 2026: {rights}. Ctrl-C ends it.",
            target.hub.name
        ))?;
    }
    out.flush()
}
