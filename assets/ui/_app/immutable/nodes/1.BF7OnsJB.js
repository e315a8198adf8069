
export{t as component}from"../chunks/BrAUtmDe.js";