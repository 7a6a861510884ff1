"""Questions answered from a replica of the database, where there is one."""
