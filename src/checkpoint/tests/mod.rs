mod conversions;
mod faults;
mod headers;
