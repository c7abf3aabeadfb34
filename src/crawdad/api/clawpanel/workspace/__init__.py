"""`/api/workspace/…` and the documents: the files of agents, as ClawPanel's contract shows them."""

from crawdad.api.clawpanel.workspace.routes import workspace_routes as workspace_routes
