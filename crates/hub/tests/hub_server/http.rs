//! As much of HTTP/1.1 as the hub needs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A request without a body.
pub struct Request {
    pub method: String,
    /// Decoded, without the query.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub target: String,
    headers: Vec<(String, String)>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Writes answers.
pub struct Sender {
    pub stream: TcpStream,
    head_only: bool,
    /// Whether the connection can go on after the answer.
    pub open: bool,
}

impl Sender {
    /// The head of an answer whose body is of that length; None: until the connection ends.
    pub fn head(&mut self, status: u16, headers: &[(&str, String)], length: Option<u64>) {
        let mut text = format!("HTTP/1.1 {status} Some Words\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        match length {
            Some(length) => text += &format!("Content-Length: {length}\r\n"),
            None => {
                text += "Connection: close\r\n";
                self.open = false;
            }
        }
        text += "\r\n";
        self.open &= self.stream.write_all(text.as_bytes()).is_ok();
    }

    /// A whole answer.
    pub fn answer(&mut self, status: u16, headers: &[(&str, String)], body: &str) {
        self.head(status, headers, Some(body.len() as u64));
        if !self.head_only {
            self.open &= self.stream.write_all(body.as_bytes()).is_ok();
        }
    }

    /// A whole answer in JSON.
    pub fn json(&mut self, headers: &[(&str, String)], body: &serde_json::Value) {
        let kind = ("Content-Type", "application/json".to_owned());
        let headers: Vec<_> = headers.iter().cloned().chain([kind]).collect();
        self.answer(200, &headers, &body.to_string());
    }
}

/// Answers the requests of a connection until it ends.
pub fn serve(stream: TcpStream, answer: impl Fn(&Request, &mut Sender)) {
    let Ok(reading) = stream.try_clone() else {
        return;
    };
    let mut reading = BufReader::new(reading);
    let mut sender = Sender {
        stream,
        head_only: false,
        open: true,
    };
    while sender.open
        && let Some(request) = read(&mut reading)
    {
        sender.head_only = request.method == "HEAD";
        answer(&request, &mut sender);
    }
}

fn read(stream: &mut impl BufRead) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.by_ref().take(1 << 16).read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let mut first = lines.first()?.split(' ');
    let (method, target) = (first.next()?, first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    Some(Request {
        method: method.to_owned(),
        path: decoded(path),
        query: pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decoded(name), decoded(&value.replace('+', " ")))
            })
            .collect(),
        target: target.to_owned(),
        headers: lines[1..]
            .iter()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect(),
    })
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let code = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (first, code.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
