-- title: A session is of one user, who has one a day
-- category: consistency
-- severity: medium
-- status: failed
-- tables: events
-- needs: events(timestamp, context_user_id, context_session_id)
-- message: {count} sessions are of several users, or users of several sessions a day, the first on {day}: {context_session_id} of {context_user_id}, {users} users and {sessions} sessions
-- measured: every session is of one user, and every user has one a day, UTC
-- advice: Make the session of the user and the day, instead of drawing it.
WITH pairs AS (
    SELECT DISTINCT strftime("timestamp", '%Y-%m-%d') AS day, context_user_id, context_session_id
    FROM events
    WHERE context_user_id IS NOT NULL
), shared AS (
    SELECT min(day) AS day, min(context_user_id) AS context_user_id, context_session_id,
        count(DISTINCT context_user_id) AS users, 1 AS sessions
    FROM pairs
    GROUP BY context_session_id
    HAVING users > 1
), several AS (
    SELECT day, context_user_id, min(context_session_id) AS context_session_id, 1 AS users, count(*) AS sessions
    FROM pairs
    WHERE day IS NOT NULL
    GROUP BY day, context_user_id
    HAVING sessions > 1
)
FROM shared
UNION ALL
FROM several
ORDER BY day, context_user_id
