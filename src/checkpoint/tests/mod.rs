mod conversions;
mod headers;
