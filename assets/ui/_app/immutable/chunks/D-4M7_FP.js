
import{N as e,i as t,n,t as r}from"./D11euOAX.js";async function i(i,a){let o=n(a);if(o===null)return;let{parser:s}=await t(o),c=[],l=(e,t)=>{let n=c.at(-1);n?.class===t?n.text+=e:c.push({text:e,class:t})};return e(i,s.parse(i),r,l,()=>l(`
`,``)),c}export{i as pieces};