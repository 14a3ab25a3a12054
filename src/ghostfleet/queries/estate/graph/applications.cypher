// title: Facts of an application
// params: app_name VARCHAR
// needs: Application(id, name, type, environment, status, version, business_criticality)
// needs: Application(compliance_requirements VARCHAR[], team_owner, cost_center, users BIGINT, transactions_per_day BIGINT)
// columns: id, name, type, environment, status, version, business_criticality, compliance_requirements, team_owner
// columns: cost_center, users, transactions_per_day
// stores: ladybug, neo4j
// order: total
// unordered: compliance_requirements
MATCH (a:Application)
WHERE a.name = $app_name
RETURN a.id AS id, a.name AS name, a.type AS type, a.environment AS environment, a.status AS status,
    a.version AS version, a.business_criticality AS business_criticality,
    a.compliance_requirements AS compliance_requirements, a.team_owner AS team_owner, a.cost_center AS cost_center,
    a.users AS users, a.transactions_per_day AS transactions_per_day
ORDER BY id
