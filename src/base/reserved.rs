//! Names that addresses of the hub begin with, so that no account or repository can have them.

/// Lower case and sorted. A contract test compares it with the router; later parts of the hub are in it from the start,
/// because a name that somebody has cannot be taken back.
const RESERVED: &[&str] = &[
    "_app",
    "about",
    "account",
    "activities",
    "admin",
    "analytics",
    "api",
    "api-docs",
    "assets",
    "auth",
    "blob",
    "blobs",
    "browse",
    "catalogue",
    "classifications",
    "collections",
    "comments",
    "dashboard",
    "datasets",
    "design",
    "discussions",
    "docs",
    "editor",
    "error",
    "experiments",
    "explore",
    "favicon.ico",
    "featured",
    "file-editor",
    "files",
    "fonts",
    "git",
    "gpu",
    "health",
    "healthz",
    "help",
    "home",
    "icons",
    "inference",
    "jobs",
    "join",
    "kernels",
    "login",
    "logout",
    "logs",
    "markdown",
    "metadata",
    "metrics",
    "mlflow",
    "models",
    "new",
    "notifications",
    "oauth",
    "offline",
    "openapi",
    "openapi.json",
    "organizations",
    "orgs",
    "password",
    "personal",
    "personal-files",
    "popular",
    "privacy",
    "profile",
    "projects",
    "raw",
    "recent",
    "register",
    "repos",
    "repositories",
    "resolve",
    "robots.txt",
    "roles",
    "search",
    "security",
    "services",
    "settings",
    "shortcuts",
    "signup",
    "sitemap.xml",
    "spaces",
    "stac",
    "starred",
    "static",
    "status",
    "storage",
    "system",
    "tags",
    "tasks",
    "teams",
    "terms",
    "tokens",
    "training",
    "tree",
    "trending",
    "upload",
    "uploads",
    "user",
    "users",
    "v1",
    "v2",
    "v3",
    "webhooks",
    "welcome",
    "whoami",
    "whoami-v2",
    "workflows",
    "ws",
    "xet",
];

/// Whether an address of the hub begins with this name, without regard to case.
pub fn is_reserved(name: &str) -> bool {
    RESERVED
        .binary_search_by(|reserved| reserved.bytes().cmp(name.bytes().map(|byte| byte.to_ascii_lowercase())))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::{RESERVED, is_reserved};

    #[test]
    fn the_list_is_sorted_so_that_every_name_in_it_is_found() {
        assert!(RESERVED.is_sorted());
        assert!(RESERVED.iter().all(|name| is_reserved(name)));
        assert!(is_reserved("API"));
        assert!(is_reserved("Models"));
        assert!(!is_reserved("ana"));
        assert!(!is_reserved("apia"));
    }
}
