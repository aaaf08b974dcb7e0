//! Unpacks a stream on the fly; memory does not grow with the input.

use std::io::{self, BufRead, BufReader, Read};

use super::content::Packing;

/// Bytes from somewhere. A read may fail with `WouldBlock` when nothing has come for a moment; it can be repeated.
pub(super) type Input = Box<dyn Read + Send>;

/// Memory that an xz stream may demand.
#[cfg(feature = "codecs")]
const XZ_MEMORY: u64 = 128 << 20;

/// The unpacked content of `input`, members one behind the other included.
///
/// # Errors
/// This build does not hold the decoder, or the decoder cannot be set up; the text is a sentence for the user.
pub(super) fn unpack(packing: Packing, input: Input) -> Result<Input, String> {
    let input = BufReader::with_capacity(64 * 1024, input);
    match packing {
        Packing::Gzip => Ok(Box::new(flate2::bufread::MultiGzDecoder::new(input))),
        Packing::Bzip2 => Ok(Box::new(bzip2::bufread::MultiBzDecoder::new(input))),
        Packing::Xz => xz(input),
        Packing::Zstd => zstd(input),
    }
}

#[cfg(feature = "codecs")]
fn xz(input: impl BufRead + Send + 'static) -> Result<Input, String> {
    let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)
        .map_err(|e| format!("the xz decoder cannot be set up: {e}"))?;
    Ok(Box::new(liblzma::bufread::XzDecoder::new_stream(input, stream)))
}

#[cfg(feature = "codecs")]
fn zstd(input: impl BufRead + Send + 'static) -> Result<Input, String> {
    let decoder = ::zstd::stream::read::Decoder::with_buffer(input)
        .map_err(|e| format!("the zstd decoder cannot be set up: {e}"))?;
    Ok(Box::new(decoder))
}

#[cfg(not(feature = "codecs"))]
fn xz(_input: impl BufRead) -> Result<Input, String> {
    Err("this is packed with xz, and the program was built without that decoder (feature codecs); unpack it with \
         xz -d first"
        .into())
}

#[cfg(not(feature = "codecs"))]
fn zstd(_input: impl BufRead) -> Result<Input, String> {
    Err("this is packed with zstd, and the program was built without that decoder (feature codecs); unpack it with \
         zstd -d first"
        .into())
}

/// Whether a read error says that the packed data are damaged rather than that the system failed.
pub(super) fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::UnexpectedEof | K::InvalidData | K::InvalidInput)
        || (error.kind() == K::Other && error.raw_os_error().is_none())
}
