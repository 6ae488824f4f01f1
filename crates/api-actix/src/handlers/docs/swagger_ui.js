// No `validatorUrl`: Swagger UI would show the document to another server. No `persistAuthorization`: it would
// leave the token behind in the browser.
window.ui = SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  tryItOutEnabled: true,
});
