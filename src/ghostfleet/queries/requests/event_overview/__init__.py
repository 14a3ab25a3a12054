"""Events by service, class of status and severity, and how long each service took."""
