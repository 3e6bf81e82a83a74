//! Tokens and what they allow.

use super::{Right, Tokens, TokensError};

fn read(text: &str) -> Result<Tokens, TokensError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.toml");
    std::fs::write(&path, text).unwrap();
    Tokens::read(&path)
}

/// `printf %s secret | sha256sum`.
const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

fn one(repositories: &str, access: &str) -> String {
    format!(
        "[[token]]\nname = \"alice\"\nsha256 = \"{SECRET}\"\nrepositories = {repositories}\naccess = \"{access}\"\n"
    )
}

#[test]
fn a_token_is_found_by_its_secret_and_allows_what_its_line_says() {
    let tokens = read(&one("[\"alice/*\", \"bob/song\"]", "read")).unwrap();
    assert!(tokens.find("other").is_none());
    let token = tokens.find("secret").unwrap();
    assert!(token.allows(Right::Read, "alice", "tune"));
    assert!(token.allows(Right::Read, "bob", "song"));
    assert!(!token.allows(Right::Read, "bob", "tune"));
    assert!(!token.allows(Right::Write, "alice", "tune"));
    let all = read(&one("[\"*\"]", "write")).unwrap();
    let token = all.find("secret").unwrap();
    assert!(token.allows(Right::Write, "carol", "x") && token.allows(Right::Read, "carol", "x"));
}

#[test]
fn a_pattern_that_matches_no_repository_is_refused_with_the_line_to_write() {
    for (pattern, write) in [
        ("*/*", "write repositories = [\"*\"]"),
        ("alice", "write repositories = [\"alice/*\"]"),
        ("alice/", "write repositories = [\"alice/*\"]"),
        ("*/song", "write OWNER/SLUG, OWNER/* or *"),
        ("alice/so*", "write OWNER/SLUG, OWNER/* or *"),
        ("alice/song/main", "write OWNER/SLUG, OWNER/* or *"),
        ("", "write OWNER/SLUG, OWNER/* or *"),
    ] {
        let error = read(&one(&format!("[\"bob/song\", {pattern:?}]"), "read")).unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains(&format!("names {pattern:?}")) && said.ends_with(write),
            "{said}"
        );
    }
}

#[test]
fn a_file_that_says_something_else_is_refused_with_its_name() {
    for (text, why) in [
        (one("[]", "read"), "names no repository"),
        (one("[\"*\"]", "admin"), "unknown variant"),
        (one("[\"*\"]", "read").replace("2bb8", "zz"), "sha256sum"),
        ("token = 1".to_owned(), "invalid type"),
        ("[[tokens]]".to_owned(), "unknown field"),
    ] {
        let error = read(&text).unwrap_err().to_string();
        assert!(
            error.contains(why) && error.contains("tokens.toml"),
            "{error}"
        );
    }
}
