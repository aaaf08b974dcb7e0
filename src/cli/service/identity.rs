//! Giving up root: the user and group that a service goes on as.

use super::super::Usage;

#[cfg(target_os = "linux")]
pub(super) use unix::Identity;

/// The user and group to become, where a process cannot change them.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(super) struct Identity;

#[cfg(not(target_os = "linux"))]
impl Identity {
    pub(super) fn find(user: Option<&str>, group: Option<&str>) -> Result<Identity, Usage> {
        match user.or(group) {
            None => Ok(Identity),
            Some(name) => Err(Usage(format!("{name:?}: options -u and -g are not available on this system"))),
        }
    }

    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "elsewhere it can fail")]
    pub(super) fn assume(self) -> anyhow::Result<()> {
        Ok(())
    }
}

#[cfg(target_os = "linux")]
mod unix {
    use anyhow::{Context as _, bail};
    use nix::unistd::{Gid, Group, Uid, User, getuid, setgroups, setresgid, setresuid};

    use super::Usage;

    /// The user and group to become.
    #[derive(Debug, Default)]
    pub(in super::super) struct Identity {
        user: Option<Uid>,
        group: Option<Gid>,
    }

    impl Identity {
        /// Looks up names or numbers; the user's own group where none is named.
        pub(in super::super) fn find(user: Option<&str>, group: Option<&str>) -> Result<Identity, Usage> {
            let mut found = Identity::default();
            if let Some(name) = user {
                let by_number = name.parse().ok().map(Uid::from_raw);
                let entry = match by_number {
                    Some(id) => User::from_uid(id),
                    None => User::from_name(name),
                };
                let entry = entry.ok().flatten();
                found.user = entry.as_ref().map(|e| e.uid).or(by_number);
                found.group = entry.map(|e| e.gid);
                if found.user.is_none() {
                    return Err(Usage(format!("-u {name:?}: there is no such user")));
                }
            }
            if let Some(name) = group {
                found.group = match name.parse() {
                    Ok(number) => Some(Gid::from_raw(number)),
                    Err(_) => Group::from_name(name).ok().flatten().map(|g| g.gid),
                };
                if found.group.is_none() {
                    return Err(Usage(format!("-g {name:?}: there is no such group")));
                }
            }
            Ok(found)
        }

        /// Becomes them for good: groups first, while that is still permitted.
        pub(in super::super) fn assume(self) -> anyhow::Result<()> {
            if let Some(group) = self.group {
                if getuid().is_root() {
                    setgroups(&[group]).context("giving up the groups of root")?;
                }
                setresgid(group, group, group).with_context(|| format!("becoming group {group}"))?;
            }
            if let Some(user) = self.user {
                setresuid(user, user, user).with_context(|| format!("becoming user {user}"))?;
                let root = Uid::from_raw(0);
                if !user.is_root() && setresuid(root, root, root).is_ok() {
                    bail!("becoming user {user}: the system lets the process become root again");
                }
            }
            Ok(())
        }
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_groups_that_do_not_exist_are_refused_and_nothing_changes_nothing() {
        assert!(Identity::find(Some("no such user"), None).is_err_and(|e| e.0.contains("no such user")));
        assert!(Identity::find(None, Some("no such group")).is_err_and(|e| e.0.contains("no such group")));
        assert!(Identity::find(Some("0"), Some("0")).is_ok());
        assert!(Identity::find(None, None).expect("nothing asked for").assume().is_ok());
    }
}
