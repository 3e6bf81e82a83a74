//! What was served, in Prometheus' text.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    call: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct From {
    from: &'static str,
}

/// The figures of a server since its start.
pub struct Metrics {
    registry: Registry,
    requests: Family<Call, Counter>,
    objects: Family<From, Counter>,
    bytes: Counter,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("luthier");
        let (requests, objects, bytes) = (Family::default(), Family::default(), Counter::default());
        registry.register("requests", "Requests by call and status", requests.clone());
        registry.register(
            "objects_served",
            "Objects of fetches, by what they were made from: an object, or a row without one",
            objects.clone(),
        );
        registry.register_with_unit("served", "Bytes of objects", Unit::Bytes, bytes.clone());
        Self {
            registry,
            requests,
            objects,
            bytes,
        }
    }

    /// Counts a request that was answered.
    pub fn request(&self, call: &str, status: u16) {
        let call = Call {
            call: call.to_owned(),
            status,
        };
        self.requests.get_or_create(&call).inc();
    }

    /// Counts an object, by what it was made from.
    pub fn object(&self, from: &'static str) {
        self.objects.get_or_create(&From { from }).inc();
    }

    /// Counts the bytes of an answer with objects.
    pub fn sent(&self, bytes: u64) {
        self.bytes.inc_by(bytes);
    }

    /// Returns all figures as text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Nothing fails that writes into a text.
        let _ = encode(&mut out, &self.registry);
        out
    }
}
