//! One request, with the token where it belongs, and where its answer redirects to.

use super::Network;
use protocol::{AppError, failure};
use reqwest::header::{AUTHORIZATION, LOCATION};
use reqwest::{RequestBuilder, Response, StatusCode, Url};

/// Most redirects that are followed.
const REDIRECTS: usize = 5;

/// Where a request went, step by step.
pub(crate) struct Following {
    /// Where it goes now.
    pub address: Url,
    left: usize,
}

impl Following {
    /// From the first address on.
    pub fn from(address: Url) -> Following {
        Following {
            address,
            left: REDIRECTS,
        }
    }

    /// Goes on to where a redirect leads; false where the answer is none. Errors:
    /// `redirect-refused`, `hub-answer`.
    pub fn redirect(&mut self, network: &Network, response: &Response) -> Result<bool, AppError> {
        if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(false);
        }
        let location = response.headers().get(LOCATION);
        let location = location.and_then(|to| to.to_str().ok());
        let location = location.ok_or_else(|| failure::hub_answer("a redirect to nowhere"))?;
        let to = network.redirected(&self.address, location)?;
        let host = self.address.host_str().unwrap_or_default();
        let often = || failure::redirect_refused(host).detail("one redirect leads to the next");
        self.left = self.left.checked_sub(1).ok_or_else(often)?;
        self.address = to;
        Ok(true)
    }
}

impl Network {
    /// Sends a request to `address`; with the answer whether it said who asks. Errors: those of
    /// [`super::unreached`], `proxy-refused`.
    pub(crate) async fn send(
        &self,
        mut request: RequestBuilder,
        address: &Url,
    ) -> Result<(Response, bool), AppError> {
        let token = self.authorization(address).await;
        let known = token.is_some();
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token);
        }
        let response = request.send().await;
        let response = response.map_err(|e| self.unreached(e, address))?;
        if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Err(self.proxy_refused(address));
        }
        Ok((response, known))
    }
}
