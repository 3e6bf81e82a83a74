//! Tells others of a change: a webhook, a command, or both.

use super::event::Event;
use super::webhook::Webhook;
use crate::cli::{CliError, help};
use clap::Args;
use luthier_hub::cause::Cause;
use luthier_hub::text;
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The time that a command has.
const LONGEST: Duration = Duration::from_secs(30);

/// Who is to be told of a change.
#[derive(Args)]
pub(super) struct Wanted {
    /// POST every change to this URL as JSON, whose `text` Slack and others show. It is a secret: better give it in the
    /// variable
    #[arg(long, value_name = "URL", env = "LUTHIER_WEBHOOK", hide_env_values = true, help_heading = help::OUTPUT)]
    webhook: Option<String>,
    /// Run this program, without a shell, on every change, with the JSON on its standard input; it has 30 s. What follows,
    /// up to `;` or the end of the line, are its arguments
    #[arg(long, value_name = "PROGRAM", num_args = 1.., allow_hyphen_values = true, value_terminator = ";", help_heading = help::OUTPUT)]
    exec: Vec<String>,
}

/// Who is told of a change.
pub(super) struct Notices {
    webhook: Option<Webhook>,
    exec: Vec<String>,
}

impl Notices {
    /// Reads who is to be told.
    ///
    /// # Errors
    /// The webhook is no URL of HTTP; the message does not repeat it.
    pub fn new(wanted: Wanted) -> Result<Self, CliError> {
        let url = wanted.webhook.filter(|url| !url.trim().is_empty());
        let webhook = url.map(|url| Webhook::new(&url)).transpose();
        Ok(Self {
            webhook: webhook.map_err(|why| CliError::usage(format!("--webhook: {why}")))?,
            exec: wanted.exec,
        })
    }

    /// Tells whoever is to be told, and returns why one of them was not.
    pub async fn send(&self, event: &Event) -> Vec<Cause> {
        let mut failed = Vec::new();
        if let Some(webhook) = &self.webhook {
            failed.extend(
                webhook
                    .call(&text::json(&for_chat(&event.json)))
                    .await
                    .err(),
            );
        }
        if let [program, arguments @ ..] = &self.exec[..] {
            let run = run(program, arguments, &event.json);
            let ran = tokio::time::timeout(LONGEST, run).await;
            let ran = ran.unwrap_or_else(|_| {
                Err(format!("it did not end within {} s", LONGEST.as_secs()).into())
            });
            let told = |why| Cause::told(format!("`{program}` failed: {why}"), why);
            failed.extend(ran.err().map(told));
        }
        failed
    }
}

/// Returns the event with a text in which nothing from the hub acts in a chat, as `<!channel>` does in Slack.
fn for_chat(event: &Value) -> Value {
    let mut event = event.clone();
    if let Some(Value::String(text)) = event.get_mut("text") {
        *text = (text.replace('&', "&amp;"))
            .replace('<', "&lt;")
            .replace('>', "&gt;");
    }
    event
}

/// Runs a program with the event on its standard input; what it prints on standard output is dropped.
async fn run(program: &str, arguments: &[String], event: &Value) -> Result<(), Cause> {
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let mut child = started.map_err(Cause::of)?;
    if let Some(mut input) = child.stdin.take() {
        // A program may end without reading.
        let _ = input.write_all(text::json(event).as_bytes()).await;
    }
    match child.wait().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string().into()),
        Err(error) => Err(Cause::of(error)),
    }
}
