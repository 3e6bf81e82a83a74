//! The server of a drill, on this machine, for as long as a step takes.

use super::steps::{Failed, Rehearsal};
use super::wire::Wire;
use luthier_hub::cause::Cause;
use luthier_object::ObjectId;
use luthier_serve::{Options, Tokens, Writing};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

impl Rehearsal {
    /// Serves the repository on this machine, to whoever has a token that nobody else knows.
    pub(super) async fn server(&self) -> Result<Server, Failed> {
        let bytes: [u8; 32] = std::array::from_fn(|_| fastrand::u8(..));
        let token = ObjectId::plain(&bytes).to_string();
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(Cause::of)?;
        let address = listener.local_addr().map_err(Cause::of)?;
        let options = Options {
            writing: Some(Writing {
                authority: self.authority,
                ledger: self.onlooker.clone(),
            }),
            tokens: Some(Tokens::of_one(&token, &self.repo())),
            fetches: 1,
        };
        let router = luthier_serve::router(self.store.clone(), options);
        let stop = CancellationToken::new();
        let asked = stop.clone().cancelled_owned();
        tokio::spawn(luthier_serve::serve(listener, None, router, asked));
        Ok(Server {
            wire: Wire {
                address,
                repo: self.repo(),
                token,
            },
            stop,
        })
    }
}

/// A server of this process; it ends when it is dropped.
pub struct Server {
    pub wire: Wire,
    stop: CancellationToken,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
