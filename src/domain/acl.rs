//! Access control lists: what one says in words, and the headers that give it to another object.
//!
//! Source: API reference GetObjectAcl, PutObjectAcl, CreateMultipartUpload.

use super::operation::ObjectProperties;
use super::output::{AclGrant, AclGrantee, AclOutput};
use super::preview::property_headers;

/// A permission and where it is kept in the properties of an object to be.
type Header = (&'static str, fn(&mut ObjectProperties) -> &mut Option<String>);

/// The permissions an object's ACL can grant, each with its header.
const HEADERS: [Header; 4] = [
    ("FULL_CONTROL", |p| &mut p.grant_full_control),
    ("READ", |p| &mut p.grant_read),
    ("READ_ACP", |p| &mut p.grant_read_acp),
    ("WRITE_ACP", |p| &mut p.grant_write_acp),
];

impl AclOutput {
    /// Whether it is what every new object has: everything for the owner, nothing for others. A bucket with ACLs
    /// switched off shows this list for all its objects.
    pub fn is_private(&self) -> bool {
        let own = |g: &AclGrant| match (&g.grantee, &self.owner) {
            (AclGrantee::User(id), Some(owner)) => id == owner && g.permission == "FULL_CONTROL",
            _ => false,
        };
        !self.grants.is_empty() && self.grants.iter().all(own)
    }

    /// Grants no header can give: what the answer does not name, and e-mail addresses, which S3 takes no more.
    pub fn lost(&self) -> usize {
        self.grants.iter().filter(|g| value(g).is_none() || !is_known(&g.permission)).count()
    }

    /// The list in a few words.
    pub fn sentence(&self) -> String {
        if self.is_private() {
            return "private: the owner alone".to_owned();
        }
        let grants: Vec<String> =
            self.grants.iter().map(|g| format!("{} for {}", g.permission, who(&g.grantee))).collect();
        if grants.is_empty() { "no grants".to_owned() } else { grants.join(", ") }
    }

    /// The grants as headers, `name: value`, in the order of [`grants_of`]; none for a private list.
    pub fn headers(&self) -> Vec<String> {
        let mut properties = ObjectProperties::default();
        self.grant(&mut properties);
        grants_of(|name| property_headers(&properties).into_iter().find(|(n, _)| n == name).map(|(_, v)| v))
    }

    /// Puts the grants into the properties of an object to be; a private list needs none.
    pub fn grant(&self, properties: &mut ObjectProperties) {
        if self.is_private() {
            return;
        }
        properties.acl = None;
        for (permission, place) in HEADERS {
            let granted = self.grants.iter().filter(|g| g.permission == permission).filter_map(value);
            let text = granted.collect::<Vec<_>>().join(", ");
            *place(properties) = Some(text).filter(|t| !t.is_empty());
        }
    }
}

/// The grant headers of a request, `name: value`.
pub fn grants_of(header: impl Fn(&str) -> Option<String>) -> Vec<String> {
    const NAMES: [&str; 4] =
        ["x-amz-grant-full-control", "x-amz-grant-read", "x-amz-grant-read-acp", "x-amz-grant-write-acp"];
    NAMES.into_iter().filter_map(|name| Some(format!("{name}: {}", header(name)?))).collect()
}

fn is_known(permission: &str) -> bool {
    HEADERS.iter().any(|(name, _)| *name == permission)
}

/// A grantee as the grant headers write it. A quote would end the value, and no id or URI has one.
fn value(grant: &AclGrant) -> Option<String> {
    let (name, text) = match &grant.grantee {
        AclGrantee::User(id) => ("id", id),
        AclGrantee::Group(uri) => ("uri", uri),
        AclGrantee::Email(_) | AclGrantee::Unnamed => return None,
    };
    (!text.contains('"')).then(|| format!("{name}=\"{text}\""))
}

fn who(grantee: &AclGrantee) -> String {
    match grantee {
        AclGrantee::User(id) => id.clone(),
        AclGrantee::Group(uri) => uri.rsplit('/').next().unwrap_or(uri).to_owned(),
        AclGrantee::Email(address) => address.clone(),
        AclGrantee::Unnamed => "somebody the answer does not name".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(grantee: AclGrantee, permission: &str) -> AclGrant {
        AclGrant { grantee, permission: permission.into() }
    }

    fn user(id: &str) -> AclGrantee {
        AclGrantee::User(id.into())
    }

    #[test]
    fn a_private_list_needs_no_header() {
        let acl = AclOutput { owner: Some("o".into()), grants: vec![grant(user("o"), "FULL_CONTROL")] };
        let mut properties = ObjectProperties::default();
        acl.grant(&mut properties);
        assert_eq!(properties, ObjectProperties::default());
        assert_eq!(acl.sentence(), "private: the owner alone");
        // Who owns it is not told: it is not taken for private.
        assert!(!AclOutput { owner: None, ..acl }.is_private());
        assert!(!AclOutput::default().is_private());
    }

    #[test]
    fn grants_become_headers_by_permission_and_what_none_can_give_is_counted() {
        let all = "http://acs.amazonaws.com/groups/global/AllUsers";
        let acl = AclOutput {
            owner: Some("o".into()),
            grants: vec![
                grant(user("o"), "FULL_CONTROL"),
                grant(AclGrantee::Group(all.into()), "READ"),
                grant(user("p"), "READ"),
                grant(AclGrantee::Email("a@example.com".into()), "READ_ACP"),
                grant(AclGrantee::Unnamed, "READ"),
            ],
        };
        let mut properties = ObjectProperties::default();
        acl.grant(&mut properties);
        assert_eq!(properties.grant_full_control.as_deref(), Some("id=\"o\""));
        assert_eq!(properties.grant_read, Some(format!("uri=\"{all}\", id=\"p\"")));
        assert_eq!((properties.grant_read_acp, properties.grant_write_acp), (None, None));
        assert_eq!(acl.lost(), 2);
        assert!(acl.sentence().contains("READ for AllUsers"), "{}", acl.sentence());
    }
}
