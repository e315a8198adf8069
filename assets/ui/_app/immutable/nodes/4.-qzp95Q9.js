
export{t as component}from"../chunks/Bvxwh-Ck.js";