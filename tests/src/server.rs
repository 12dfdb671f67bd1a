//! A file server for the built page, with faults on request.

use std::{
    fs::File,
    io::Cursor,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use anyhow::{Context as _, anyhow, bail};
use tiny_http::{Header, Request, Response};

/// The page as a browser without WASM SIMD sees it: no module validates there.
const NO_SIMD: &str = "no-simd.html";

/// Serves the page on a free port of this machine until it is dropped.
pub struct Server {
    server: Arc<tiny_http::Server>,
}

impl Server {
    /// Serves the built page; addresses whose path ends with one of `missing` answer 404.
    ///
    /// The page stands under a sub-path, as it does on many hosts.
    pub fn start(missing: &'static [&'static str]) -> anyhow::Result<Self> {
        let dist = dist()?;
        let server = tiny_http::Server::http("127.0.0.1:0").map_err(|error| anyhow!("no free port: {error}"))?;
        let server = Arc::new(server);
        let requests = server.clone();
        thread::spawn(move || {
            for request in requests.incoming_requests() {
                // A browser that closes a connection early is no failure of the server.
                answer(request, &dist, missing).ok();
            }
        });
        Ok(Self { server })
    }

    /// The page's address.
    pub fn url(&self) -> String {
        format!("http://{}/some/where/", self.server.server_addr())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.server.unblock();
    }
}

fn answer(request: Request, dist: &Path, missing: &[&str]) -> std::io::Result<()> {
    let path = request.url().split(['?', '#']).next().unwrap_or("/").to_owned();
    if path.ends_with(NO_SIMD) {
        let page = std::fs::read_to_string(dist.join("index.html"))?;
        let page = page.replacen("<head>", "<head><script>WebAssembly.validate = () => false</script>", 1);
        return request.respond(Response::from_string(page).with_header(content_type("index.html")));
    }
    let file = match path.strip_prefix("/some/where/") {
        Some("") => Some("index.html"),
        Some(file) if !file.contains("..") && !missing.iter().any(|missing| file.ends_with(missing)) => Some(file),
        _ => None,
    };
    match file.and_then(|file| File::open(dist.join(file)).ok()) {
        Some(body) => request.respond(Response::from_file(body).with_header(content_type(file.unwrap_or_default()))),
        None => request.respond(Response::new(404.into(), vec![], Cursor::new("not found"), Some(9), None)),
    }
}

fn content_type(file: &str) -> Header {
    let value = match Path::new(file).extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    Header::from_bytes("Content-Type", value).expect("a valid header")
}

fn dist() -> anyhow::Result<PathBuf> {
    let dist = match std::env::var_os("TAILBLAZER_DIST") {
        Some(dist) => PathBuf::from(dist),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist"),
    };
    if !dist.join("index.html").is_file() {
        bail!("there is no built page in {}: run `cargo xtask build` first", dist.display());
    }
    dist.canonicalize().context("the folder of the page")
}
