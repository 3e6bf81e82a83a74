//! Fetches under way: equal ones are made once, and few at a time.

use crate::answer::Failure;
use crate::spool::Spool;
use axum::http::StatusCode;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// The time in which a client wants the first byte is 60 s.
const PATIENCE: Duration = Duration::from_secs(55);

/// An answer that is complete is kept for whoever asks for the same.
const KEPT: Duration = Duration::from_secs(20);

/// Answers that are under way or kept.
const MOST: usize = 256;

type Landed = Result<Arc<Spool>, Failure>;
type Flight = watch::Receiver<Option<Landed>>;

/// What makes a fetch equal to another one.
pub type FlightKey = [u8; 32];

pub struct Flights {
    under_way: Mutex<HashMap<FlightKey, Flight>>,
    permits: Semaphore,
}

impl Flights {
    /// Makes at most `at_once` answers at the same time.
    pub fn new(at_once: usize) -> Self {
        Self {
            under_way: Mutex::default(),
            permits: Semaphore::new(at_once),
        }
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<FlightKey, Flight>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the answer that `make` makes, or the one of an equal request. It goes on if the client goes away, so
    /// that another try finds it.
    ///
    /// # Errors
    /// As `make`; too many requests, or no answer in time.
    pub async fn join<F>(self: &Arc<Self>, key: FlightKey, make: impl FnOnce() -> F) -> Landed
    where
        F: Future<Output = Landed> + Send + 'static,
    {
        let mut flight = self.find_or_start(key, make)?;
        let landed = async {
            let landed = flight.wait_for(Option::is_some).await;
            landed.ok().and_then(|landed| landed.clone())
        };
        match tokio::time::timeout(PATIENCE, landed).await {
            Ok(Some(landed)) => landed,
            Ok(None) => Err(Failure::unavailable(&"a fetch ended without an answer")),
            Err(_) => Err(busy(
                "the answer is not complete within 55 s; it is still being made, so try again in a minute",
            )),
        }
    }

    fn find_or_start<F>(
        self: &Arc<Self>,
        key: FlightKey,
        make: impl FnOnce() -> F,
    ) -> Result<Flight, Failure>
    where
        F: Future<Output = Landed> + Send + 'static,
    {
        let mut under_way = self.under_way();
        if let Some(flight) = under_way.get(&key) {
            return Ok(flight.clone());
        }
        if under_way.len() >= MOST {
            return Err(busy("too many fetches at once; try again in a minute"));
        }
        let (send, flight) = watch::channel(None);
        under_way.insert(key, flight.clone());
        drop(under_way);
        let (flights, made) = (self.clone(), make());
        tokio::spawn(async move {
            let landed = match flights.permits.acquire().await {
                Ok(_permit) => made.await,
                Err(_) => Err(busy("the server is about to stop")),
            };
            let keep = landed.is_ok();
            let _ = send.send(Some(landed));
            if keep {
                tokio::time::sleep(KEPT).await;
            }
            flights.under_way().remove(&key);
        });
        Ok(flight)
    }
}

fn busy(detail: &str) -> Failure {
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, detail)
}
