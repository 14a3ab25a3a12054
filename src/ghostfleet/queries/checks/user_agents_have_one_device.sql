-- title: A user agent is of one kind of device
-- category: consistency
-- severity: low
-- status: failed
-- tables: events
-- needs: events(context_user_agent, context_tags_device_type)
-- message: {count} user agents are of several kinds of devices, the first of {first_device} and {last_device}: {context_user_agent}
-- measured: every user agent is of one kind of device
-- advice: Draw the device, and its user agent after it.
SELECT context_user_agent, min(context_tags_device_type) AS first_device, max(context_tags_device_type) AS last_device
FROM events
GROUP BY context_user_agent
HAVING first_device <> last_device
ORDER BY context_user_agent
