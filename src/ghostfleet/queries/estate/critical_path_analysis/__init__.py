"""Where one failure would hurt many: single points of failure, busy databases, full clusters, and the longest path."""
