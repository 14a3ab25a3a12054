-- title: No hour is silent between busy ones
-- category: completeness
-- severity: medium
-- status: warning
-- tables: events
-- needs: events(timestamp), silent_hours
-- parameters: busy = 50, longest_hours = 3
-- message: {count} times nothing happened for a while, the first from {since} until {until}; {before} events in the hour before, {after} in the hour behind
-- measured: no hour is silent between busy ones
-- advice: Generate the missing hours again; between busy hours, events come in every hour.
-- Longer silence may be that of closed markets.
SELECT since, until, before, after
FROM silent_hours
WHERE table_name = 'events' AND hours <= $longest_hours AND least(before, after) >= $busy
ORDER BY since
