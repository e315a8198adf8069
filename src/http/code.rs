use crate::store::StoreError;

/// What went wrong, in words a program can act on. Part of the public contract: a snapshot test lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request itself is malformed, or a field has an impossible value.
    BadRequest,
    /// A field of the request breaks a rule.
    Invalid,
    /// Nobody, or nobody known, asks for what needs an account.
    Unauthorized,
    /// The account may not do this.
    Forbidden,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The method does not exist at this address.
    MethodNotAllowed,
    /// It exists already, or changed meanwhile.
    Conflict,
    /// It existed and is gone for good.
    Gone,
    /// A precondition of the request does not hold.
    PreconditionFailed,
    /// The request is larger than a limit.
    TooLarge,
    /// The body has a type that is not understood here.
    UnsupportedMediaType,
    /// The range lies outside of the content.
    RangeNotSatisfiable,
    /// The account's quota does not allow it.
    QuotaExceeded,
    /// Too many requests.
    TooManyRequests,
    /// A fault of the hub, whose details stay in its log.
    Internal,
    /// A part that the hub depends on is out of reach.
    Unavailable,
    /// The hub's disk is full.
    StorageFull,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 17] = [
        Self::BadRequest,
        Self::Invalid,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::Gone,
        Self::PreconditionFailed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::RangeNotSatisfiable,
        Self::QuotaExceeded,
        Self::TooManyRequests,
        Self::Internal,
        Self::Unavailable,
        Self::StorageFull,
    ];

    /// The word in the error body.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::Gone => "gone",
            Self::PreconditionFailed => "precondition_failed",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RangeNotSatisfiable => "range_not_satisfiable",
            Self::QuotaExceeded => "quota_exceeded",
            Self::TooManyRequests => "too_many_requests",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::StorageFull => "storage_full",
        }
    }

    /// The HTTP status (RFC 9110, section 15; 507 from RFC 4918).
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::Gone => 410,
            Self::PreconditionFailed => 412,
            Self::TooLarge | Self::QuotaExceeded => 413,
            Self::UnsupportedMediaType => 415,
            Self::RangeNotSatisfiable => 416,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::StorageFull => 507,
        }
    }
}

/// An error whose text is fit for the user, unless its code is [`Code::Internal`].
pub trait Problem: std::error::Error + Send + Sync + 'static {
    /// What kind of problem it is. No catch-all arm, so that a new variant forces a decision.
    fn code(&self) -> Code;

    /// Facts for a program, shown under `details`.
    fn details(&self) -> Option<serde_json::Value> {
        None
    }

    /// Seconds after which another attempt makes sense, answered as `Retry-After`.
    fn retry_after(&self) -> Option<u64> {
        None
    }
}

impl Problem for StoreError {
    fn code(&self) -> Code {
        match self {
            Self::Full => Code::StorageFull,
            Self::Duplicate { .. } => Code::Conflict,
            Self::Closed => Code::Unavailable,
            Self::InUse | Self::Newer { .. } | Self::Row { .. } | Self::Storage(_) | Self::Io(_) => Code::Internal,
        }
    }
}
