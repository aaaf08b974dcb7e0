//! The built program against its data and against the classic tools.

#[cfg(test)]
mod convert;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod levels;
#[cfg(test)]
mod ra;
#[cfg(test)]
mod robust;
#[cfg(test)]
mod ranonymize;
#[cfg(test)]
mod sensor;
#[cfg(test)]
mod streaming;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod snapshot;
#[cfg(test)]
mod tools;
#[cfg(test)]
mod streams;
