//! Rows of any kind, read in batches.

use luthier_hub::index::{AnyRow, IndexError};
use luthier_hub::store::Store;
use luthier_object::Kind;
use std::collections::HashMap;

/// Returns the rows with these ids that exist.
pub(super) async fn read(
    store: &Store,
    kind: Kind,
    ids: &[String],
) -> Result<HashMap<String, AnyRow>, IndexError> {
    let rows = AnyRow::by_id(store.index(), kind, ids).await?.into_iter();
    Ok(rows.map(|row| (row.id().to_owned(), row)).collect())
}
