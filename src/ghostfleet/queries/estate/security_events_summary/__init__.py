"""Security events and recorded incidents of a window: by severity, type and status, by day, and by resource."""
