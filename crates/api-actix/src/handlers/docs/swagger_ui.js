// Whoever signs in on the page is signed in for every operation on it.
const SIGN_IN = /\/api\/auth\/(login|refresh-token)$/;

function signIn(response) {
  const token = response.ok && SIGN_IN.test(response.url) && response.body?.token;
  if (token) {
    window.ui.preauthorizeApiKey("bearer", token);
  }
  return response;
}

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
  responseInterceptor: signIn,
});
