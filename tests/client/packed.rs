//! Copies from the packs of a client's folder.

use crate::ClientFolder;
use bytes::Bytes;
use luthier_hub::store::Copies;
use luthier_object::pack::{Writer, id_of};
use luthier_object::{Kind, ObjectId, frame, identity};
use std::path::{Path, PathBuf};

const FILES: [&[u8]; 3] = [b"la la", b"boom", b""];

/// A pack as a client keeps it, and a folder with it.
struct Client {
    folder: tempfile::TempDir,
    writer: Writer,
    name: String,
}

impl Client {
    fn new(parent: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let with = |writer: Writer, bytes: &&[u8]| {
            writer.with(&identity::blob_id(bytes), &frame::encode(Kind::Blob, bytes))
        };
        let writer = FILES.iter().fold(Writer::default(), with);
        let bytes = writer.clone().finish();
        let name = format!("{parent}/{}", id_of(&bytes).bare());
        let path = folder.path().join(&name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let client = Self {
            folder,
            writer,
            name,
        };
        std::fs::write(client.path("mpack"), bytes).unwrap();
        client
    }

    fn path(&self, extension: &str) -> PathBuf {
        self.folder
            .path()
            .join(format!("{}.{extension}", self.name))
    }

    fn index(&self, bytes: &[u8]) {
        std::fs::write(self.path("idx"), bytes).unwrap();
    }

    /// What the folder has for each file: the blob, and the content of its record.
    async fn gives_all(&self) {
        for bytes in FILES {
            let found = candidates(self.folder.path(), &identity::blob_id(bytes)).await;
            let whole = frame::encode(Kind::Blob, bytes);
            assert_eq!(
                found,
                [Bytes::from(bytes), Bytes::from(whole)],
                "{}",
                self.name
            );
        }
    }
}

async fn candidates(folder: &Path, id: &ObjectId) -> Vec<Bytes> {
    let found = ClientFolder::open(folder).unwrap();
    let found = found.candidates(Kind::Blob, id).await.unwrap();
    found.into_iter().map(|(_, bytes)| bytes).collect()
}

#[tokio::test]
async fn a_blob_is_found_in_the_packs_of_a_client_whatever_part_of_its_folder_is_given() {
    for parent in [
        ".muse/objects/pack/sha256",
        "objects/pack/sha256",
        "pack/sha256",
        ".",
    ] {
        Client::new(parent).gives_all().await;
    }
}

#[tokio::test]
async fn a_pack_gives_its_blobs_with_its_index_without_it_and_with_one_that_lies() {
    let client = Client::new(".muse/objects/pack/sha256");
    let index = client.writer.finish_index();
    client.index(&index);
    client.gives_all().await;
    // The footer does not match.
    let mut torn = index.clone();
    torn[40] ^= 1;
    client.index(&torn);
    client.gives_all().await;
    // It is the index of another pack, where other records lie.
    let other = Writer::default().with(&identity::blob_id(b"boom"), b"boom");
    client.index(&other.finish_index());
    client.gives_all().await;
    client.index(b"");
    client.gives_all().await;
}

/// The pack is not read where its index proves and leads to its records.
#[tokio::test]
async fn an_index_that_proves_spares_the_pack() {
    let client = Client::new(".muse/objects/pack/sha256");
    client.index(&client.writer.finish_index());
    let mut bytes = client.writer.clone().finish();
    bytes[0] = b'm';
    std::fs::write(client.path("mpack"), bytes).unwrap();
    client.gives_all().await;
}

#[tokio::test]
async fn a_damaged_pack_gives_what_lies_before_the_damage_and_nothing_makes_it_fail() {
    let client = Client::new(".muse/objects/pack/sha256");
    let mut bytes = client.writer.clone().finish();
    // The id of the second record.
    bytes[13 + 79 + FILES[0].len() + 7] ^= 1;
    std::fs::write(client.path("mpack"), bytes).unwrap();
    let found = candidates(client.folder.path(), &identity::blob_id(b"la la")).await;
    assert_eq!(found.len(), 2);
    let found = candidates(client.folder.path(), &identity::blob_id(b"boom")).await;
    assert_eq!(found, Vec::<Bytes>::new());
    std::fs::write(client.path("mpack"), b"MUSE").unwrap();
    let found = candidates(client.folder.path(), &identity::blob_id(b"la la")).await;
    assert_eq!(found, Vec::<Bytes>::new());
}

/// The way to the packs holds a link: nothing outside the folder is read.
#[tokio::test]
async fn no_link_leads_to_packs_outside_the_folder() {
    let client = Client::new("pack/sha256");
    let given = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(client.folder.path().join("pack"), given.path().join("pack"))
        .unwrap();
    let opened = ClientFolder::open(given.path()).unwrap();
    let id = identity::blob_id(b"boom");
    let said = opened.candidates(Kind::Blob, &id).await;
    let said = said.unwrap_err().to_string();
    assert!(said.contains("links are not followed"), "{said}");
}
