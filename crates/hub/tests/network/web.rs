//! A small web server and proxies for the tests, which count and keep what they are asked.

use hub::Places;
use hub::network::{Environment, Keyring, Network};
use protocol::NetworkSettings;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What a server was asked: the first line and the headers, with names in lower case.
#[derive(Clone, Debug)]
pub struct Asked {
    pub line: String,
    pub headers: Vec<(String, String)>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A server on loopback.
pub struct Web {
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// An answer: status line, headers and body.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    format!("{text}connection: close\r\n\r\n{body}")
}

impl Web {
    /// Answers each request with what `says` makes of it.
    pub async fn serve(says: impl Fn(&Asked) -> String + Send + Sync + 'static) -> Web {
        let says = Arc::new(says);
        Web::of(move |stream, asked| {
            let says = says.clone();
            async move {
                let mut stream = stream;
                let _ = stream.write_all(says(&asked).as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    /// A proxy that lets through who says `user:password` in base64; None: everyone.
    pub async fn proxy(credentials: Option<&'static str>) -> Web {
        Web::of(move |stream, asked| proxied(stream, asked, credentials)).await
    }

    async fn of<F>(handle: impl Fn(TcpStream, Asked) -> F + Send + Sync + 'static) -> Web
    where
        F: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (seen, handle) = (asked.clone(), Arc::new(handle));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (seen, handle) = (seen.clone(), handle.clone());
                tokio::spawn(async move {
                    if let Some(asked) = read(&mut stream).await {
                        seen.lock().unwrap().push(asked.clone());
                        handle(stream, asked).await;
                    }
                });
            }
        });
        Web { port, asked }
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// Reads one request without a body.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Asked> {
    let mut lines = BufReader::new(stream).lines();
    let line = lines.next_line().await.ok()??;
    let mut headers = Vec::new();
    loop {
        let text = lines.next_line().await.ok()??;
        let Some((name, value)) = text.split_once(':') else {
            return Some(Asked { line, headers });
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
}

/// One request to a proxy: a tunnel, or an address to fetch.
async fn proxied(mut stream: TcpStream, asked: Asked, credentials: Option<&str>) {
    let expected = credentials.map(|text| format!("Basic {text}"));
    if expected.is_some() && asked.header("proxy-authorization") != expected.as_deref() {
        let refusal = "407 Proxy Authentication Required";
        let text = answer(refusal, &[("proxy-authenticate", "Basic")], "");
        let _ = stream.write_all(text.as_bytes()).await;
        return;
    }
    let mut words = asked.line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    if method == "CONNECT" {
        let Ok(mut there) = TcpStream::connect(target).await else {
            let _ = stream
                .write_all(answer("502 Bad Gateway", &[], "").as_bytes())
                .await;
            return;
        };
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut there).await;
        return;
    }
    let rest = target.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let Ok(mut there) = TcpStream::connect(host).await else {
        let _ = stream
            .write_all(answer("502 Bad Gateway", &[], "").as_bytes())
            .await;
        return;
    };
    let mut text = format!("{method} /{path} HTTP/1.1\r\n");
    for (name, value) in &asked.headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += "\r\n";
    relay(&mut stream, &mut there, &text).await;
}

async fn relay(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    there: &mut TcpStream,
    first: &str,
) {
    let _ = there.write_all(first.as_bytes()).await;
    let _ = tokio::io::copy(there, stream).await;
    let _ = stream.shutdown().await;
}

/// A SOCKS5 proxy (RFC 1928, 1929) that lets through who says this name and password. Returns its
/// port.
pub async fn socks(name: &'static str, password: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move { tunnelled(&mut stream, name, password).await });
        }
    });
    port
}

async fn tunnelled(stream: &mut TcpStream, name: &str, password: &str) -> Option<()> {
    let methods = {
        stream.read_u8().await.ok()?;
        sized(stream).await?
    };
    if !methods.contains(&2) {
        return stream.write_all(&[5, 0xff]).await.ok();
    }
    stream.write_all(&[5, 2]).await.ok()?;
    stream.read_u8().await.ok()?;
    let said = [sized(stream).await?, sized(stream).await?];
    if said != [name.as_bytes().to_vec(), password.as_bytes().to_vec()] {
        return stream.write_all(&[1, 1]).await.ok();
    }
    stream.write_all(&[1, 0]).await.ok()?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.ok()?;
    let host = match head[3] {
        1 => {
            let mut ip = [0; 4];
            stream.read_exact(&mut ip).await.ok()?;
            std::net::Ipv4Addr::from(ip).to_string()
        }
        3 => String::from_utf8(sized(stream).await?).ok()?,
        _ => return None,
    };
    let port = stream.read_u16().await.ok()?;
    let mut there = TcpStream::connect((host, port)).await.ok()?;
    stream
        .write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
        .await
        .ok()?;
    tokio::io::copy_bidirectional(stream, &mut there)
        .await
        .ok()?;
    Some(())
}

/// Bytes that follow their number.
async fn sized(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = vec![0; stream.read_u8().await.ok()?.into()];
    stream.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

/// A network in a folder of its own, with these settings, in this environment, without a keyring.
pub fn network(
    settings: NetworkSettings,
    variables: &[(&str, &str)],
) -> (Network, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let places = Places::under(home.path());
    let network = Network::with(
        &places,
        settings,
        Environment::of(variables),
        Keyring::none(),
    );
    (network, home)
}

/// Settings with this endpoint.
pub fn endpoint(address: &str) -> NetworkSettings {
    NetworkSettings {
        endpoint: Some(address.to_owned()),
        ..NetworkSettings::default()
    }
}
