//! Instructions of the BSD packet filter as text.
//!
//! # Source
//! Instruction set and notation: the kernel's document "Linux Socket Filtering", and what `tcpdump -d` prints.

/// One line: number, instruction, operand, and for jumps where they lead. `numbers` are code, jumps and constant as
/// libpcap counts them, in decimal.
pub(super) fn line(at: usize, numbers: &str) -> String {
    let mut words = numbers.split_whitespace().map(|w| w.parse::<u32>().unwrap_or(u32::MAX));
    let mut next = || words.next().unwrap_or(0);
    let (code, jt, jf, k) = (next(), next(), next(), next());
    let to = |jump: u32| at as u64 + 1 + u64::from(jump);
    let Some((name, operand)) = instruction(code, k, to(k)) else {
        return format!("({at:03}) unimp    {code:#x}");
    };
    if code & 0x07 == JUMP && code != JUMP {
        return format!("({at:03}) {name:<8} {operand:<16} jt {}\tjf {}", to(jt), to(jf));
    }
    format!("({at:03}) {name:<8} {operand}").trim_end().to_owned()
}

const JUMP: u32 = 0x05;

/// Name and operand; nothing for a code that is none.
fn instruction(code: u32, k: u32, target: u64) -> Option<(&'static str, String)> {
    let (hex, number) = (format!("#{k:#x}"), format!("#{k}"));
    let (byte, indexed, memory) = (format!("[{k}]"), format!("[x + {k}]"), format!("M[{k}]"));
    let (length, x, none) = ("#pktlen".to_owned(), "x".to_owned(), String::new());
    Some(match code {
        0x00 => ("ld", hex),
        0x20 => ("ld", byte),
        0x28 => ("ldh", byte),
        0x30 => ("ldb", byte),
        0x40 => ("ld", indexed),
        0x48 => ("ldh", indexed),
        0x50 => ("ldb", indexed),
        0x60 => ("ld", memory),
        0x80 => ("ld", length),
        0x01 => ("ldx", hex),
        0x61 => ("ldx", memory),
        0x81 => ("ldx", length),
        0xB1 => ("ldxb", format!("4*([{k}]&0xf)")),
        0x02 => ("st", memory),
        0x03 => ("stx", memory),
        0x05 => ("ja", target.to_string()),
        0x15 => ("jeq", hex),
        0x25 => ("jgt", hex),
        0x35 => ("jge", hex),
        0x45 => ("jset", hex),
        0x1D => ("jeq", x),
        0x2D => ("jgt", x),
        0x3D => ("jge", x),
        0x4D => ("jset", x),
        0x04 => ("add", number),
        0x14 => ("sub", number),
        0x24 => ("mul", number),
        0x34 => ("div", number),
        0x94 => ("mod", number),
        0x64 => ("lsh", number),
        0x74 => ("rsh", number),
        0x54 => ("and", hex),
        0x44 => ("or", hex),
        0xA4 => ("xor", hex),
        0x0C => ("add", x),
        0x1C => ("sub", x),
        0x2C => ("mul", x),
        0x3C => ("div", x),
        0x9C => ("mod", x),
        0x6C => ("lsh", x),
        0x7C => ("rsh", x),
        0x5C => ("and", x),
        0x4C => ("or", x),
        0xAC => ("xor", x),
        0x84 => ("neg", none),
        0x06 => ("ret", number),
        0x16 => ("ret", none),
        0x07 => ("tax", none),
        0x87 => ("txa", none),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_read_as_the_usual_tools_print_them() {
        for (numbers, wanted) in [
            ("40 0 0 12", "(004) ldh      [12]"),
            ("21 0 3 34525", "(004) jeq      #0x86dd          jt 5\tjf 8"),
            ("177 0 0 14", "(004) ldxb     4*([14]&0xf)"),
            ("72 0 0 16", "(004) ldh      [x + 16]"),
            ("5 0 0 2", "(004) ja       7"),
            ("7 0 0 0", "(004) tax"),
            ("6 0 0 65535", "(004) ret      #65535"),
            ("999 0 0 0", "(004) unimp    0x3e7"),
        ] {
            assert_eq!(line(4, numbers), wanted);
        }
    }
}
