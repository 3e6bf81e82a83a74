//! In which order a server lists, found out without writing.

use super::bucket::{Bucket, ListRequest, Order};
use crate::backend::BackendError;

impl Bucket {
    /// Returns the server's order, tried on a listed key that has a slash: from just before the slash's place in byte
    /// order, a server that orders by bytes goes on with that key or an earlier one, and one that orders by folders has
    /// passed it. A key that vanishes meanwhile costs requests, nothing else.
    pub(super) async fn order_by(&self, key: &str) -> Result<Order, BackendError> {
        if let Some(order) = self.order.get() {
            return Ok(*order);
        }
        let Some((folder, _)) = key.rsplit_once('/') else {
            return Ok(Order::Folders);
        };
        // The last place before the slash: `.` is the byte before it, and nothing sorts behind U+10FFFF.
        let after = format!("{folder}.\u{10ffff}");
        let ask = ListRequest {
            prefix: self.prefix(),
            after: Some(&after),
            limit: Some(1),
            ..ListRequest::default()
        };
        let first = match self.page(ask).await {
            Ok(page) => page.entries.into_iter().next(),
            // Refused: then nothing may rest on `start-after`, and the walk does without.
            Err(BackendError::Remote { .. }) => None,
            Err(error) => return Err(error),
        };
        let by_bytes = first.is_some_and(|first| first.key > after && first.key.as_str() <= key);
        let order = if by_bytes {
            Order::Keys
        } else {
            Order::Folders
        };
        Ok(*self.order.get_or_init(|| order))
    }

    /// Returns the server's order, if the first page has a key to try it on.
    pub(super) async fn known_order(&self) -> Result<Option<Order>, BackendError> {
        if let Some(order) = self.order.get() {
            return Ok(Some(*order));
        }
        let page = self
            .page(ListRequest {
                prefix: self.prefix(),
                ..ListRequest::default()
            })
            .await?;
        match page.entries.iter().find(|entry| entry.key.contains('/')) {
            Some(entry) => self.order_by(&entry.key).await.map(Some),
            None => Ok(None),
        }
    }
}
