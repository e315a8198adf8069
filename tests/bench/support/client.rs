use anyhow::Context;
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Bytes taken from the socket at once.
const READ_BYTES: usize = 256 * 1024;
const PATIENCE: Duration = Duration::from_secs(120);

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body of a success as JSON.
    pub fn json(&self) -> anyhow::Result<serde_json::Value> {
        let text = String::from_utf8_lossy(&self.body);
        anyhow::ensure!(
            (200..300).contains(&self.status),
            "the hub answered {}: {text}",
            self.status
        );
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {text}"))
    }
}

/// One connection that speaks just enough HTTP/1.1, blocking, so that the client's own cost is small and the same for all.
pub struct Client {
    stream: BufReader<TcpStream>,
    authorization: String,
}

struct Head {
    status: u16,
    length: Option<u64>,
    in_chunks: bool,
}

impl Client {
    /// Connects to a port of the loopback interface.
    pub fn connect(port: u16) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::with_capacity(READ_BYTES, stream),
            authorization: String::new(),
        })
    }

    /// Sends a bearer token from now on.
    pub fn authorize(&mut self, token: &str) {
        self.authorization = format!("Authorization: Bearer {token}\r\n");
    }

    /// One request with a whole body.
    pub fn request(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> anyhow::Result<Answer> {
        self.request_in_parts(method, path, kind, &[body])
    }

    /// One request whose body is sent part by part.
    pub fn request_in_parts(
        &mut self,
        method: &str,
        path: &str,
        kind: &str,
        parts: &[&[u8]],
    ) -> anyhow::Result<Answer> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let stream = self.stream.get_mut();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n",
            self.authorization
        )?;
        for part in parts {
            stream.write_all(part)?;
        }
        let head = self.head()?;
        let body = if method == "HEAD" {
            Vec::new()
        } else {
            self.body(&head)?
        };
        Ok(Answer {
            status: head.status,
            body,
        })
    }

    /// A GET of a JSON document.
    pub fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.request("GET", path, "application/json", &[])
    }

    /// A POST of a JSON document.
    pub fn post(&mut self, path: &str, body: &serde_json::Value) -> anyhow::Result<serde_json::Value> {
        let answer = self.request("POST", path, "application/json", body.to_string().as_bytes())?;
        answer.json().with_context(|| format!("POST {path}"))
    }

    fn body(&mut self, head: &Head) -> anyhow::Result<Vec<u8>> {
        let mut body = vec![0; usize::try_from(head.length.unwrap_or(0))?];
        self.stream.read_exact(&mut body)?;
        let mut more = head.in_chunks;
        while more {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim_end(), 16).with_context(|| format!("not a chunk: {line:?}"))?;
            let start = body.len();
            // Each chunk, the empty last one too, ends with a line break.
            body.resize(start + size + 2, 0);
            self.stream.read_exact(&mut body[start..])?;
            body.truncate(start + size);
            more = size > 0;
        }
        Ok(body)
    }

    fn head(&mut self) -> anyhow::Result<Head> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut head = Head {
            status: status.with_context(|| format!("not an answer: {line:?}"))?,
            length: None,
            in_chunks: false,
        };
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                return Ok(head);
            };
            if name.eq_ignore_ascii_case("content-length") {
                head.length = Some(value.trim().parse()?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                head.in_chunks = true;
            }
        }
    }
}

/// How a large download went.
pub struct Download {
    /// Bytes of the body.
    pub bytes: u64,
    /// From the request to the last byte.
    pub seconds: f64,
    /// Only when it was asked for, since hashing takes longer than the transfer.
    pub sha256: Option<[u8; 32]>,
}

/// Downloads a file over a new connection, in reads of 256 KiB.
pub fn download_once(port: u16, path: &str, verify: bool) -> anyhow::Result<Download> {
    let mut client = Client::connect(port)?;
    let start = Instant::now();
    write!(
        client.stream.get_mut(),
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    )?;
    let head = client.head()?;
    anyhow::ensure!(head.status == 200, "GET {path} was answered with {}", head.status);
    let length = head.length.context("the length is missing")?;
    let mut hasher = verify.then(Sha256::new);
    let mut bytes = 0;
    // What lies in the reader's own buffer after the head, then past it.
    let mut block = vec![0; READ_BYTES];
    while bytes < length {
        let count = client.stream.read(&mut block)?;
        anyhow::ensure!(count > 0, "the connection ended {} bytes early", length - bytes);
        if let Some(hasher) = &mut hasher {
            hasher.update(&block[..count]);
        }
        bytes += u64::try_from(count)?;
    }
    Ok(Download {
        bytes,
        seconds: start.elapsed().as_secs_f64(),
        sha256: hasher.map(|hasher| hasher.finalize().into()),
    })
}
