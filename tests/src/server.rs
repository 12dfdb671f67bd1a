//! A file server for the built page, with faults on request.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
};

use anyhow::{Context as _, bail};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    middleware::{self, Next},
    response::{Html, IntoResponse as _},
    routing::get,
};
use futures::stream;
use tokio::{net::TcpListener, sync::oneshot};
use tower_http::services::ServeDir;

/// The path of whatever is served: a sub-path, as on many hosts.
pub const FOLDER: &str = "/some/where";

/// What a careful host sends with scripts: a worker is bound by the policy of its own response, and not by the page's.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/// Serves the page on a free port of this machine until it is dropped.
pub struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    is_mended: Arc<AtomicBool>,
    is_cut: Arc<AtomicBool>,
    is_renewed: Arc<AtomicBool>,
    _running: oneshot::Sender<()>,
}

impl Server {
    /// Serves the built page; addresses whose path ends with one of `missing` answer 404 until they are mended. Under `no-simd.html` lies the
    /// page as a browser without WASM SIMD sees it: no module validates there.
    pub fn start(missing: &'static [&'static str]) -> anyhow::Result<Self> {
        let dist = dist()?;
        let page = std::fs::read_to_string(dist.join("index.html"))?;
        let no_simd = page.replacen("<head>", "<head><script>WebAssembly.validate = () => false</script>", 1);
        let worker = std::fs::read_to_string(dist.join("sw.js"))?;
        let is_renewed = Arc::new(AtomicBool::new(false));
        let renewed = Arc::clone(&is_renewed);
        let worker = async move || {
            let version = if renewed.load(Relaxed) { "const VERSION = 'next-" } else { "const VERSION = '" };
            ([(CONTENT_TYPE, "text/javascript")], worker.replacen("const VERSION = '", version, 1))
        };
        let pages = Router::new()
            .route(&format!("{FOLDER}/no-simd.html"), get(async || Html(no_simd)))
            .route(&format!("{FOLDER}/sw.js"), get(worker))
            .nest_service(FOLDER, ServeDir::new(dist));
        Ok(Self { is_renewed, ..Self::serve(pages, missing)? })
    }

    /// Serves the page, with `code` before the program of its WebGPU engine; `{load}` in it is how often the engine was
    /// loaded before.
    pub fn with_engine_prelude(code: &'static str) -> anyhow::Result<Self> {
        let dist = dist()?;
        let loader = std::fs::read_to_string(dist.join("engine-webgpu_loader.js"))?;
        let loads = Arc::new(AtomicUsize::new(0));
        let loader = move || {
            let load = loads.fetch_add(1, Relaxed).to_string();
            let text = format!("{}\n{loader}", code.replace("{load}", &load));
            async move { ([(CONTENT_TYPE, "text/javascript")], text) }
        };
        // A page that is kept would be loaded without asking for it.
        let pages = Router::new()
            .route(&format!("{FOLDER}/engine-webgpu_loader.js"), get(loader))
            .nest_service(FOLDER, ServeDir::new(dist));
        Self::serve(pages, &["sw.js"])
    }

    /// Serves the page; the first answer for `file` breaks off in its middle.
    pub fn breaking_off(file: &str) -> anyhow::Result<Self> {
        let dist = dist()?;
        let whole = std::fs::read(dist.join(file))?;
        let is_first = Arc::new(AtomicBool::new(true));
        let answer = move || {
            let (length, mut bytes) = (whole.len(), whole.clone());
            let breaks_off = is_first.swap(false, Relaxed);
            if breaks_off {
                bytes.truncate(length / 2);
            }
            let end = breaks_off.then(|| Err(io::Error::other("the line is cut")));
            let body = Body::from_stream(stream::iter([Ok(bytes)].into_iter().chain(end)));
            async move { ([(CONTENT_TYPE, "text/plain".to_owned()), (CONTENT_LENGTH, length.to_string())], body) }
        };
        // A page that is kept would ask once more by itself.
        let pages =
            Router::new().route(&format!("{FOLDER}/{file}"), get(answer)).nest_service(FOLDER, ServeDir::new(dist));
        Self::serve(pages, &["sw.js"])
    }

    /// Serves one document of somebody else, which may have the page in a frame.
    pub fn of_somebody_else(html: String) -> anyhow::Result<Self> {
        Self::serve(Router::new().route(&format!("{FOLDER}/"), get(async || Html(html))), &[])
    }

    /// Serves a folder of somebody else, such as a course.
    pub fn of_somebody_elses_files(folder: &Path) -> anyhow::Result<Self> {
        Self::serve(Router::new().nest_service(FOLDER, ServeDir::new(folder)), &[])
    }

    fn serve(pages: Router, missing: &'static [&'static str]) -> anyhow::Result<Self> {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let is_mended = Arc::new(AtomicBool::new(false));
        let is_cut = Arc::new(AtomicBool::new(false));
        let (log, mended, cut) = (Arc::clone(&asked), Arc::clone(&is_mended), Arc::clone(&is_cut));
        let router = pages.layer(middleware::from_fn(move |request: Request, next: Next| {
            let path = request.uri().path().to_owned();
            let is_missing = missing.iter().any(|missing| path.ends_with(missing)) && !mended.load(Relaxed);
            let is_missing = is_missing || cut.load(Relaxed);
            log.lock().expect("no holder panics").push(path);
            async move {
                if is_missing {
                    return StatusCode::NOT_FOUND.into_response();
                }
                let is_script = request.uri().path().ends_with("js");
                let mut response = next.run(request).await;
                if is_script {
                    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
                }
                response
            }
        }));

        let (told, address) = mpsc::channel();
        let (running, stopped) = oneshot::channel::<()>();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                told.send(listener.local_addr()?).ok();
                tokio::select! {
                    served = axum::serve(listener, router).into_future() => served,
                    _ = stopped => Ok(()),
                }
            })
        });
        let address = address.recv().context("no free port for the page's server")?;
        let is_renewed = Arc::default();
        Ok(Self { address, asked, is_mended, is_cut, is_renewed, _running: running })
    }

    /// The page's address.
    pub fn url(&self) -> String {
        format!("http://{}{FOLDER}/", self.address)
    }

    /// From now on nothing is missing.
    pub fn mend(&self) {
        self.is_mended.store(true, Relaxed);
    }

    /// From now on nothing is answered but that it is not there, as if there were no network.
    pub fn cut(&self) {
        self.is_cut.store(true, Relaxed);
    }

    /// From now on the service worker is that of a newer version of the page.
    pub fn renew(&self) {
        self.is_renewed.store(true, Relaxed);
    }

    /// The paths that browsers have asked for, workers' too.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no holder panics").clone()
    }
}

/// The folder of the built page.
pub fn dist() -> anyhow::Result<PathBuf> {
    let dist = match std::env::var_os("TAILBLAZER_DIST") {
        Some(dist) => PathBuf::from(dist),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist"),
    };
    if !dist.join("index.html").is_file() {
        bail!("there is no built page in {}: run `cargo xtask build` first", dist.display());
    }
    dist.canonicalize().context("the folder of the page")
}
