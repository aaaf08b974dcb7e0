//! Streams inside TLS, with certificates made here.

use std::io::Write as _;
use std::net::TcpStream;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::chains::wait_for_records;
use super::*;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}

/// Files of one test.
struct Files(PathBuf);

impl Files {
    fn put(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("plain").to_owned()
    }

    /// A certificate by an authority, and its key.
    fn identity(&self, by: &Authority, name: &str, host: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![host.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, by).expect("a certificate");
        (self.put(&format!("{name}.pem"), &certificate.pem()), self.put(&format!("{name}.key"), &key.serialize_pem()))
    }
}

#[test]
fn records_pass_through_tls_between_programs_that_know_each_other() {
    let files = Files(scratch("tls"));
    let authority = authority("ours");
    let ca = files.put("ca.pem", &authority.pem());
    let (cert, key) = files.identity(&authority, "server", "127.0.0.1");
    let (client_cert, client_key) = files.identity(&authority, "client", "probe");
    let sample = sample("web.full.argus");
    let expected = read_file(&sample);
    let serving = ["--any-port", "--tls-cert", &cert, "--tls-key", &key, "--tls-client-ca", &ca];
    let server = ours("radium", &[&["-r", &sample][..], &serving].concat());
    let place = format!("argus-tls://127.0.0.1:{}", server.port());
    let known = ["-S", &place, "--tls-ca", &ca, "--tls-cert", &client_cert, "--tls-key", &client_key];
    // The file waits for the first reader, which has a filter that the server applies.
    let copy = files.0.join("copy.argus");
    let _reader = ours("radium", &[&known[..], &["-w", copy.to_str().expect("plain"), "-", "tcp"]].concat());
    let tcp: Vec<_> = expected.into_iter().filter(|l| l.split(',').nth(1) == Some("tcp")).collect();
    wait_for_records(&copy, tcp.len());
    assert_eq!(read_file(copy.to_str().expect("plain")), tcp);
    // The server stays, so that it can be told to go while a client is connected.
    let reader = ours("ra", &known);
    server.wait_for_clients(2);
    server.signal("TERM");
    reader.wait_for("closed the connection");
}

#[test]
fn whom_tls_does_not_let_through_is_told_why() {
    let files = Files(scratch("tls_refused"));
    let (trusted, stranger) = (authority("ours"), authority("theirs"));
    let ca = files.put("ca.pem", &trusted.pem());
    let other_ca = files.put("other.pem", &stranger.pem());
    let (cert, key) = files.identity(&trusted, "server", "127.0.0.1");
    let (foreign_cert, foreign_key) = files.identity(&stranger, "foreign", "probe");
    let file = sample("web.full.argus");
    let serving = ["--any-port", "--tls-cert", &cert, "--tls-key", &key, "--tls-client-ca", &ca];
    let server = ours("radium", &[&["-r", &file][..], &serving].concat());
    let plain = ours("radium", &["-r", &file, "--any-port"]);
    let (port, plain_port) = (server.port(), plain.port());
    let [by_address, by_name, at_plain] = [
        format!("argus-tls://127.0.0.1:{port}"),
        format!("argus-tls://localhost:{port}"),
        format!("argus-tls://127.0.0.1:{plain_port}"),
    ];
    let foreign = ["--tls-cert", &foreign_cert, "--tls-key", &foreign_key];
    for (place, authorities, more, says) in [
        (&by_address, &ca, &[][..], "wants a certificate of this program: --tls-cert"),
        (&by_address, &ca, &foreign, "does not trust the authority"),
        (&by_address, &other_ca, &[], "--tls-ca FILE"),
        (&by_name, &ca, &[], "for another name"),
        (&at_plain, &ca, &[], "does not speak TLS"),
    ] {
        let client = ours("ra", &[&["-S", place, "--tls-ca", authorities][..], more].concat());
        client.wait_for(says);
    }
    let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    socket.write_all(b"START: ").expect("written");
    server.wait_for("is cut off: the other side does not speak TLS");
    for (options, says) in [
        (&["--tls-cert", &cert][..], "--tls-key FILE"),
        (&["--tls-cert", &cert, "--tls-key", &foreign_key], "do not belong together"),
        (&["--tls-cert", &key, "--tls-key", &key], "no certificate in it"),
        (&["--tls-cert", &cert, "--tls-key", "/nowhere"], "/nowhere"),
    ] {
        let mut program = ours("radium", &[&["-r", &file, "--any-port"][..], options].concat());
        program.wait_for(says);
        assert_eq!(program.end().code(), Some(1), "{options:?}");
    }
}
