-- title: A service gets at least the requests that other services say they sent
-- category: consistency
-- severity: high
-- status: failed
-- tables: system_metrics, network_metrics
-- needs: system_metrics(time, service_name, request_count), network_metrics(time, target_service, request_count)
-- message: {count} rows disagree, the first of {service_name} at {at}: callers sent {sent}, it got {got}
-- measured: no service got fewer requests than callers sent
-- advice: Requests of a call are what the callee counts; web services and people send more, never fewer.
WITH sent AS (
    SELECT time, target_service AS service_name, sum(request_count) AS sent FROM network_metrics GROUP BY ALL
), got AS (
    SELECT time, service_name, sum(request_count) AS got FROM system_metrics GROUP BY ALL
)
SELECT service_name, strftime(time, '%Y-%m-%d %H:%M') AS at, sent, got
FROM sent
JOIN got USING (time, service_name)
WHERE sent > got
ORDER BY time, service_name
