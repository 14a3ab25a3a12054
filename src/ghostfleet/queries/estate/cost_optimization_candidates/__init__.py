"""Where money could be saved: idle clusters, idle SQL Servers, and Oracle databases that PostgreSQL could replace."""
