//! Names of fields as attributes in XML.
//!
//! # Source
//! Observed with `ra -M xml`; fields that it writes under the name of another one have a name of their own here, and
//! those that it leaves out are named by their titles.

use super::Field;

/// Fields whose attribute is named otherwise than their column's title, sorted by name.
const NAMES: &[(&str, &str)] = &[
    ("abr", "ABR"),
    ("ackdat", "TcpAckDat"),
    ("appbytes", "AppBytes"),
    ("binnum", "BinNum"),
    ("bytes", "Bytes"),
    ("dappbytes", "DstAppBytes"),
    ("das", "DstASNum"),
    ("dco", "DstCoCode"),
    ("ddbytes", "DeltaDstBytes"),
    ("ddpkts", "DeltaDstPkts"),
    ("ddsb", "DstDSByte"),
    ("ddur", "DstDuration"),
    ("denc", "DstEncaps"),
    ("dhops", "DstHops"),
    ("dintdist", "DstIntDist"),
    ("dintdistact", "DstActiveIntDist"),
    ("dintdistidl", "DstIdleIntDist"),
    ("dintpkt", "DstIntPkt"),
    ("dintpktact", "DstActiveIntPkt"),
    ("dintpktactmax", "DstActIntPktMax"),
    ("dintpktactmin", "DstActIntPktMin"),
    ("dintpktidl", "DstIdleIntPkt"),
    ("dintpktmax", "DstIntPktMax"),
    ("dintpktmin", "DstIntPktMin"),
    ("dipid", "DstIpId"),
    ("dldpkt", "DeltaLastDstPkts"),
    ("dldur", "DeltaDuration"),
    ("dlltime", "DeltaLastTime"),
    ("dlspkt", "DeltaLastSrcPkts"),
    ("dlstime", "DeltaStartTime"),
    ("dmac", "DstMacAddr"),
    ("dmaxsz", "DstMaxPktSize"),
    ("dmeansz", "DstMeanPktSize"),
    ("dminsz", "DstMinPktSize"),
    ("dnstroke", "KeyStrokeDstNStroke"),
    ("dpfirst", "DstPctFirst"),
    ("dpktsz", "DstPktSize"),
    ("dploss", "DstPctLoss"),
    ("dpnacks", "DstPctNacks"),
    ("dport", "DstPort"),
    ("dpretrans", "DstPctRetrans"),
    ("dpsolo", "DstPctSolo"),
    ("dretrans", "DstRetrans"),
    ("dsbytes", "DeltaSrcBytes"),
    ("dspkts", "DeltaSrcPkts"),
    ("dtf", "DstTransEff"),
    ("dtos", "DstTos"),
    ("dttl", "DstTtl"),
    ("dur", "Duration"),
    ("duser", "DstUserData"),
    ("erng", "EndRange"),
    ("flgs", "Flags"),
    ("ias", "InodeASNum"),
    ("ico", "InodeCoCode"),
    ("idle", "Idle"),
    ("inode", "InodeAddr"),
    ("nstroke", "KeyStrokeNStroke"),
    ("offset", "ByteOffset"),
    ("pcr", "PCR"),
    ("pddbytes", "PctDeltaDstBytes"),
    ("pddpkts", "PctDeltaDstPkts"),
    ("pdsbytes", "PctDeltaSrcBytes"),
    ("pdspkts", "PctDeltaSrcPkts"),
    ("pfirst", "PctFirst"),
    ("pkts", "Pkts"),
    ("ploss", "PctLoss"),
    ("pnacks", "PctNacks"),
    ("pretrans", "PctRetrans"),
    ("psolo", "PctSolo"),
    ("rtime", "RelativeDate"),
    ("runtime", "Run"),
    ("sappbytes", "SrcAppBytes"),
    ("sas", "SrcASNum"),
    ("sco", "SrcCoCode"),
    ("sdsb", "SrcDSByte"),
    ("sdur", "SrcDuration"),
    ("senc", "SrcEncaps"),
    ("seq", "SeqNumber"),
    ("shops", "SrcHops"),
    ("sintdist", "SrcIntDist"),
    ("sintdistact", "SrcActiveIntDist"),
    ("sintdistidl", "SrcIdleIntDist"),
    ("sintpkt", "SrcIntPkt"),
    ("sintpktact", "SrcActiveIntPkt"),
    ("sintpktactmax", "SrcActIntPktMax"),
    ("sintpktactmin", "SrcActIntPktMin"),
    ("sintpktidl", "SrcIdleIntPkt"),
    ("sintpktmax", "SrcIntPktMax"),
    ("sintpktmin", "SrcIntPktMin"),
    ("sipid", "SrcIpId"),
    ("smac", "SrcMacAddr"),
    ("smaxsz", "SrcMaxPktSize"),
    ("smeansz", "SrcMeanPktSize"),
    ("sminsz", "SrcMinPktSize"),
    ("snstroke", "KeyStrokeSrcNStroke"),
    ("spfirst", "SrcPctFirst"),
    ("spktsz", "SrcPktSize"),
    ("sploss", "SrcPctLoss"),
    ("spnacks", "SrcPctNacks"),
    ("sport", "SrcPort"),
    ("spretrans", "SrcPctRetrans"),
    ("spsolo", "SrcPctSolo"),
    ("srcid", "SourceId"),
    ("sretrans", "SrcRetrans"),
    ("srng", "StartRange"),
    ("stf", "SrcTransEff"),
    ("stos", "SrcTos"),
    ("sttl", "SrcTtl"),
    ("suser", "SrcUserData"),
    ("synack", "TcpSynAck"),
    ("tcpopt", "TcpOptions"),
    ("tf", "TransEff"),
];

/// Appends the name of a field's attribute.
pub(super) fn name(out: &mut Vec<u8>, field: &Field) {
    match NAMES.binary_search_by_key(&field.name, |(name, _)| name) {
        Ok(at) => out.extend_from_slice(NAMES.get(at).map_or("", |(_, name)| name).as_bytes()),
        Err(_) => out.extend(field.header.bytes().filter(u8::is_ascii_alphanumeric)),
    }
}

/// Appends a text as the value of an attribute; what no XML document may hold becomes a point.
pub(super) fn text(out: &mut Vec<u8>, text: &[u8]) {
    let read = std::str::from_utf8(text).map_or_else(
        // Bytes that are no UTF-8 are read as Latin-1.
        |_| text.iter().map(|b| char::from(*b)).collect::<String>().into(),
        std::borrow::Cow::Borrowed,
    );
    let mut buffer = [0; 4];
    for c in read.chars() {
        match c {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '"' => out.extend_from_slice(b"&quot;"),
            '\0'..' ' | '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' => out.push(b'.'),
            c => out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_an_attribute_of_its_own() {
        assert!(NAMES.is_sorted());
        let mut seen = Vec::new();
        for field in super::super::FIELDS {
            let mut attribute = Vec::new();
            name(&mut attribute, field);
            assert!(attribute.first().is_some_and(u8::is_ascii_alphabetic), "{}", field.name);
            assert!(!seen.contains(&attribute), "{} shares its attribute", field.name);
            seen.push(attribute);
        }
    }

    #[test]
    fn values_cannot_leave_their_quotation_marks() {
        let mut out = Vec::new();
        text(&mut out, b"a\"><b x='&\x00\xFF");
        assert_eq!(out, "a&quot;&gt;&lt;b x='&amp;.ÿ".as_bytes());
    }
}
