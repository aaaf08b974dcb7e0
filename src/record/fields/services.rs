//! Names of ports, in the form of a services file: `name port/protocol aliases # comment`.

use crate::base::hash::Map;

/// Names taken from one services file at most; later ones are left out.
const MAX_NAMES: usize = 60_000;

/// Port names for TCP and UDP, both ways.
#[derive(Clone, Debug)]
pub struct Services {
    /// One list of indexes into `names` per protocol, by port; 0 is "no name".
    tcp: Box<[u16]>,
    udp: Box<[u16]>,
    names: Vec<Box<str>>,
    by_name: Map<Box<str>, Ports>,
}

/// The ports that a name stands for, per protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Port over TCP.
    pub tcp: Option<u16>,
    /// Port over UDP.
    pub udp: Option<u16>,
}

impl Services {
    /// The well-known ports that are compiled in.
    #[must_use]
    pub fn builtin() -> Services {
        Services::parse(BUILTIN)
    }

    /// Reads a services file. Lines that are not understood are left out.
    #[must_use]
    pub fn parse(text: &str) -> Services {
        let mut s = Services {
            tcp: vec![0; 65_536].into(),
            udp: vec![0; 65_536].into(),
            names: vec!["".into()],
            by_name: Map::default(),
        };
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or("");
            let mut words = line.split_whitespace();
            let (Some(name), Some(at)) = (words.next(), words.next()) else { continue };
            let Some((port, proto)) = at.split_once('/') else { continue };
            let (Ok(port), false) = (port.parse::<u16>(), s.names.len() > MAX_NAMES) else { continue };
            s.add(name, port, proto, words);
        }
        s
    }

    fn add<'a>(&mut self, name: &'a str, port: u16, proto: &str, aliases: impl Iterator<Item = &'a str>) {
        let list = match proto {
            "tcp" => &mut self.tcp,
            "udp" => &mut self.udp,
            _ => return,
        };
        let Some(slot) = list.get_mut(usize::from(port)) else { return };
        // The first name of a port is the one that is printed.
        if *slot == 0 {
            *slot = u16::try_from(self.names.len()).unwrap_or(0);
            self.names.push(name.into());
        }
        for name in std::iter::once(name).chain(aliases) {
            let ports = self.by_name.entry(name.into()).or_default();
            let to = if proto == "tcp" { &mut ports.tcp } else { &mut ports.udp };
            to.get_or_insert(port);
        }
    }

    /// The name of a port over TCP (6) or UDP (17).
    #[must_use]
    pub fn name(&self, proto: u8, port: u16) -> Option<&str> {
        let list = match proto {
            6 => &self.tcp,
            17 => &self.udp,
            _ => return None,
        };
        let at = *list.get(usize::from(port))?;
        if at == 0 { None } else { self.names.get(usize::from(at)).map(|n| &**n) }
    }

    /// The ports that a name or alias stands for.
    #[must_use]
    pub fn ports(&self, name: &str) -> Option<Ports> {
        self.by_name.get(name).copied()
    }

    /// All names and aliases, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.by_name.keys().map(|n| &**n).collect();
        names.sort_unstable();
        names
    }
}

/// Registered ports that are met often.
///
/// # Source
/// IANA service names and port numbers.
const BUILTIN: &str = "
tcpmux 1/tcp\necho 7/tcp\necho 7/udp\ndiscard 9/tcp\ndiscard 9/udp\ndaytime 13/tcp\ndaytime 13/udp\nchargen 19/tcp
chargen 19/udp\nftp-data 20/tcp\nftp 21/tcp\nssh 22/tcp\ntelnet 23/tcp\nsmtp 25/tcp mail\ntime 37/tcp\ntime 37/udp
whois 43/tcp\ntacacs 49/tcp\ntacacs 49/udp\ndomain 53/tcp\ndomain 53/udp\nbootps 67/udp\nbootpc 68/udp\ntftp 69/udp
gopher 70/tcp\nfinger 79/tcp\nhttp 80/tcp www\nkerberos 88/tcp\nkerberos 88/udp\npop3 110/tcp\nsunrpc 111/tcp
sunrpc 111/udp\nauth 113/tcp ident\nnntp 119/tcp\nntp 123/udp\nepmap 135/tcp\nnetbios-ns 137/udp
netbios-dgm 138/udp\nnetbios-ssn 139/tcp\nimap2 143/tcp imap\nsnmp 161/tcp\nsnmp 161/udp\nsnmp-trap 162/tcp
snmp-trap 162/udp\nxdmcp 177/udp\nbgp 179/tcp\nptp-event 319/udp\nptp-general 320/udp\nldap 389/tcp\nldap 389/udp
svrloc 427/tcp\nsvrloc 427/udp\nhttps 443/tcp\nhttps 443/udp\nmicrosoft-ds 445/tcp\nkpasswd 464/tcp\nkpasswd 464/udp
submissions 465/tcp smtps\nisakmp 500/udp\nexec 512/tcp\nlogin 513/tcp\nwho 513/udp\nshell 514/tcp syslog
syslog 514/udp\nprinter 515/tcp\nroute 520/udp\nrtsp 554/tcp\nrtsp 554/udp\nnntps 563/tcp\nsubmission 587/tcp
ipp 631/tcp\nldaps 636/tcp\nldaps 636/udp\ndomain-s 853/tcp\ndomain-s 853/udp\nrsync 873/tcp\nftps 990/tcp
imaps 993/tcp\npop3s 995/tcp\nsocks 1080/tcp\nopenvpn 1194/tcp\nopenvpn 1194/udp\nms-sql-s 1433/tcp
ms-sql-m 1434/udp\nl2f 1701/udp l2tp\nradius 1812/tcp\nradius 1812/udp\nradius-acct 1813/tcp\nradius-acct 1813/udp
cisco-sccp 2000/tcp\nnfs 2049/tcp\nnfs 2049/udp\nmysql 3306/tcp\nms-wbt-server 3389/tcp\nsip 5060/tcp\nsip 5060/udp
sip-tls 5061/tcp\nsip-tls 5061/udp\nxmpp-client 5222/tcp\nmdns 5353/udp\npostgresql 5432/tcp\nvxlan 4789/udp
ipsec-nat-t 4500/udp\nx11 6000/tcp\nmsgsrvr 8787/tcp\nhttp-alt 8080/tcp webcache\nhttp-alt 8080/udp
mqtt 1883/tcp\nmqtt 1883/udp\nargus 561/tcp
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_both_ways() {
        let s = Services::builtin();
        assert_eq!(s.name(17, 53), Some("domain"));
        assert_eq!((s.name(6, 80), s.name(17, 80), s.name(1, 80)), (Some("http"), None, None));
        assert_eq!(s.ports("www"), Some(Ports { tcp: Some(80), udp: None }));
        assert_eq!(s.ports("nosuch"), None);
    }

    #[test]
    fn the_first_name_of_a_port_is_printed() {
        let s = Services::parse("# x\na 5/tcp b\nc 5/tcp\nbad\nd 99999/tcp\ne 5/sctp\n");
        assert_eq!((s.name(6, 5), s.ports("c").and_then(|p| p.tcp)), (Some("a"), Some(5)));
        assert_eq!(s.names(), ["a", "b", "c"]);
    }
}
